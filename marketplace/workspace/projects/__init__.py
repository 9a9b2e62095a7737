"""All about one project on one page: what is public under its code, and the owner's own part."""
