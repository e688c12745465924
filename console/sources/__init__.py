"""What is protected, and where it is restored to: the directory trees of this host, byte for byte.

Reads and creates; knows nothing of repositories, machines or jobs. Paths and names are bytes throughout.
"""
