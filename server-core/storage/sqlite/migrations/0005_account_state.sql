-- Only 'active' accounts sign in. A 'deleted' one keeps its name, its key and its signed device list: nobody can take the name, and members of its groups can still judge its devices until they are removed.
ALTER TABLE accounts ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'deleted'));
