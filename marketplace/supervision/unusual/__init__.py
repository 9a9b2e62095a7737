"""Events out of the ordinary that whoever audits looks at and acknowledges, one by one."""
