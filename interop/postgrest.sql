-- What PostgREST shows, to whom, and what it is asked to check before each request.
--
-- PostgREST itself checks signature, times and audience. Two things it leaves to the database: the issuer,
-- and that the token is an access token. Its role is the claim `client_id`, which every access token of
-- Keyfob has and no other kind of token does; the type stands in the token's header.

create role authenticator noinherit login;
create role "pat-exchange" nologin;
grant "pat-exchange" to authenticator;

create schema api;
grant usage on schema api to "pat-exchange";

create view api.me as
select claims ->> 'sub' as sub, claims ->> 'currentOrganizationId' as organization
from (select current_setting('request.jwt.claims')::json) as request (claims);
grant select on api.me to "pat-exchange";

create function api.check_token() returns void language plpgsql as $$
declare
  claims json := current_setting('request.jwt.claims')::json;
  -- After "Bearer " and up to the first dot, in base64url without padding.
  head text := split_part(substr(current_setting('request.headers')::json ->> 'authorization', 8), '.', 1);
  header json := convert_from(decode(rpad(translate(head, '-_', '+/'), (length(head) + 3) / 4 * 4, '='), 'base64'), 'utf8');
begin
  if header ->> 'typ' is distinct from 'at+jwt' then
    raise sqlstate 'PT401' using message = 'not an access token';
  end if;
  if claims ->> 'iss' is distinct from current_setting('app.settings.issuer') then
    raise sqlstate 'PT401' using message = 'of another issuer';
  end if;
end $$;
