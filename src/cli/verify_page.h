#ifndef AK_CLI_VERIFY_PAGE_H
#define AK_CLI_VERIFY_PAGE_H

#include "verify/group.h"

/*
 * What a verification showed, as one HTML page for people: nothing else is loaded, no script runs,
 * it prints, and it says the same in light and dark and without colours.
 */
typedef struct AkVerifyPage AkVerifyPage;

/* @archive: where it is, for the reader; may be NULL. */
AkVerifyPage *ak_verify_page_new(const char *archive);
void ak_verify_page_free(AkVerifyPage *page);

/* What is added belongs to the chain that ends next. */
void ak_verify_page_add_object(AkVerifyPage *page, const AkVerifiedObject *object);
void ak_verify_page_add_group(AkVerifyPage *page, const AkFindingGroup *group);
void ak_verify_page_end_chain(AkVerifyPage *page, const AkVerifyConfig *config,
                              const AkVerifyReport *report, gboolean is_complete);

/* Replaces the file at @path, all of it or nothing. CONFIG when that cannot be done. */
gboolean ak_verify_page_write(AkVerifyPage *page, const char *path, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkVerifyPage, ak_verify_page_free)

#endif
