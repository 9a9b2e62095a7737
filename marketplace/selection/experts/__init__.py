"""The expert pool (评审专家库): who may judge a best-value need, for what trades, and on what days."""
