"""Tables: columns as values, models over what a Core answers, one view with columns to choose, copy and export."""
