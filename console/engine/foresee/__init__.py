"""What is there and what a job would do, told before anything begins. Nothing here changes anything but `make_folder`;
answers are those of `domain.plan_answers`."""
