-- The currencies of the charges, of whichever tenant, with the first day of each: from then on rates are wanted.
SELECT currency, min(day)
FROM (
    SELECT toString(BillingCurrency) AS currency, day
    FROM charges
    GROUP BY currency, day
)
GROUP BY currency
