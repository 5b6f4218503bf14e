"""The cache of a teacher's targets: schema, parts, stored features."""
