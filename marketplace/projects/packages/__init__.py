"""Several items bought in one need (打包采购): one firm does all, one contract results."""
