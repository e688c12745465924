"""The machine this program runs on: its clock, its event loop's tasks, its disks, where its files belong."""
