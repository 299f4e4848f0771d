-- The tokens of a tree by age, for who manages them. The same file exists for the other engine.

CREATE INDEX pat_tree ON pat (tree, id);
