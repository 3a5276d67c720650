-- The channels of an account's devices, who are told when its device list changes (docs/decisions/037).
CREATE INDEX members_by_queue ON members (queue);
