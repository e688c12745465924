"""One view per kind of field (`console.flows.fields`): shows it, and says what was answered. They change in place: what
has the focus keeps it, with its cursor."""
