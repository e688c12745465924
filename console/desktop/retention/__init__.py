"""Parts of the page of retention: the editor of a policy, the simulator, what a rollup would do."""
