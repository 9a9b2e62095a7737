"""Questions of firms about a published need and the owner's answers: public, without the name of
whoever asked, which an auditor alone can look up on a reason."""
