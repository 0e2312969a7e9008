#ifndef AK_CLI_HELP_H
#define AK_CLI_HELP_H

#include "cli/option.h"

/* Everything that is made from the two tables; each appends to @out. */

/* --help of one command; NULL: of the program. */
void ak_help_append(GString *out, const AkCommand *command);

/* Man page, section 1, in man(7) macros; NULL: of the program. */
void ak_man_append(GString *out, const AkCommand *command);

/* docs/reference.md. */
void ak_reference_append(GString *out);

/* Completion script for "bash", "zsh" or "fish"; FALSE for another shell. */
gboolean ak_completion_append(GString *out, const char *shell);

/* What the exit statuses mean wherever they occur. */
extern const char *const ak_exit_meanings[AK_EXIT_N];

/* TRUE when @section has an option that applies to @command (NULL: to any). */
gboolean ak_help_has_section(const AkOptSection *section, const AkCommand *command);

/* TRUE when @option is of @section and applies to @command (NULL: to any). */
gboolean ak_help_shows(const AkOption *option, const AkOptSection *section,
                       const AkCommand *command);

#endif
