"""What an application is."""
