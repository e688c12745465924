"""What screens show of many things at once: lists, tables, charts, maps. Reads, and changes nothing."""
