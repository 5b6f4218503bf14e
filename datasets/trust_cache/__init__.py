"""Cache of a teacher's labels: schema, files, parts, stored features."""
