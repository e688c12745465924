"""What the page of repositories is made of: one repository in detail, its growth, its damage, its jobs."""
