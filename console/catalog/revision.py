"""The revision of the schema that this program speaks. A test ties it to the newest migration."""

HEAD = "0005"
