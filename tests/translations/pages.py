"""Every page of the site. Names in braces are filled by `ContentSite.values`."""

ROLES = ["anonymous", "user", "moderator", "administrator", "newcomer"]
PAGES = [
    "/",
    "/followed",
    "/post/{commented_post}",
    "/post/{one_comment_post}",
    "/post/{own_post}",
    "/post/{others_post}",
    "/post/{commented_post}/deletion",
    "/post/{one_comment_post}/deletion",
    "/post/{own_post}/deletion",
    "/comment/{comment}/deletion",
    "/comment/{disabled_comment}/deletion",
    "/edit/{own_post}",
    "/moderate",  # demo-only
    "/user/data_user",
    "/user/data_newcomer",
    "/user/data_newcomer/deletion",
    "/user/data_administrator/deletion",
    "/followers/data_user",
    "/followers/data_newcomer",
    "/followed-by/data_user",
    "/followed-by/data_newcomer",
    "/edit-profile",
    "/edit-profile/{user_id}",
    "/preferences",
    "/auth/login",
    "/auth/register",
    "/auth/unconfirmed",
    "/auth/confirm/{confirm_token}",
    "/auth/confirm/broken",
    "/auth/reset",
    "/auth/reset/{reset_token}",
    "/auth/reset/broken",
    "/auth/change-password",
    "/auth/change-email",
    "/auth/change-email/{change_email_token}",
    "/auth/change-email/broken",
    "/auth/restore-email/{restore_email_token}",
    "/auth/restore-email/broken",
    "/auth/delete-account",
    "/auth/tokens",
    "/auth/tokens/revocation",
    "/api/docs",
    "/auth/logout",
    "/missing",
    "/?before=yesterday",  # demo-only
    "/?before=1-1",  # demo-only
    "/?after=%00",  # demo-only
    *(f"/error/{status}" for status in (400, 401, 403, 404, 405, 409, 413, 418, 429, 500, 503)),
]
# demo-only: begin
# Pages that look different on a site without posts.
EMPTY_PAGES = ["/", "/followed", "/moderate", "/user/data_user", "/user/data_newcomer"]
# demo-only: end
