"""捆绑考核: a department's score of a year, from what firms say of it and how their trade ran."""
