"""What people look at: pictures, the report, an applicant's what-if."""
