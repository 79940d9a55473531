-- The first day of any charge, of whichever tenant: from then on rates are wanted.
SELECT min(day), count()
FROM charges
