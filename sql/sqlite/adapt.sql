-- What a table that is there lacks; nothing that a writer relies on changes.
@add_columns@
