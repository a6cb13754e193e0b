"""Loans: fetched, read, checked, described, and made up."""
