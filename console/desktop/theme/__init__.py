"""How the Console looks: colours by meaning, one scale of spaces and type, one short style sheet, one set of icons."""
