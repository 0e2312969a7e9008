#ifndef AK_OPS_BUNDLE_FILES_H
#define AK_OPS_BUNDLE_FILES_H

#include "util/error.h"
#include "util/view.h"

/* The files of a bundle, and the list of their digests. */
typedef struct AkBundleFiles AkBundleFiles;

/* Makes the folder @dir; CONFIG when it is there and not empty, or cannot be made. */
AkBundleFiles *ak_bundle_files_new(const char *dir, GError **error) AK_MUST_CHECK;
void ak_bundle_files_free(AkBundleFiles *files);

/* Writes a file, durably; @path is relative, its folders are made. CONFIG or FULL. */
gboolean ak_bundle_files_add(AkBundleFiles *files, const char *path, AkView bytes,
                             GError **error) AK_MUST_CHECK;

/* Writes SHA256SUMS: what is here is all. */
gboolean ak_bundle_files_end(AkBundleFiles *files, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkBundleFiles, ak_bundle_files_free)

#endif
