"""Trials of rating editions on the whole ledger, and their adoption."""
