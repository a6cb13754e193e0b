"""Loans: download, read, check, summarise, synthesise."""
