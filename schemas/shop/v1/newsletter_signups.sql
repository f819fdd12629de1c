-- From before the mailing provider took this over.
CREATE TABLE newsletter_signups (
    id         bigserial PRIMARY KEY,
    email      email_address NOT NULL,
    source     text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX newsletter_signups_email_idx ON newsletter_signups (lower(email));
