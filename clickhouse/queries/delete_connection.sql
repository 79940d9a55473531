-- Removes what a connection left in a table, and waits until it is gone.
ALTER TABLE {{table}}
DELETE WHERE tenant_id = {tenant:String}
  AND connection_id = {connection:String}
SETTINGS mutations_sync = 2
