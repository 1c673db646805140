/*
 * blame.h: why something could not be executed. execve(2) says ENOENT for a missing program, a
 * missing interpreter of a script and a missing loader alike; here they are told apart.
 */
#ifndef BLAME_H
#define BLAME_H

/*
 * Ends the program for the failure in errno of executing the file PATH, which for a stage after
 * root-setup is relative to the descriptor STAGES (else -1): status 127 when it is not there, 126
 * when it is but cannot run.
 */
_Noreturn void blame_exec(const char *path, int stages);

/* The chain leaves the stages with these words (kept as a pointer) behind root-setup: for the hint that no way
 * leads back to them, when PROG is not found. */
void blame_left(char **words);

/* Says whether a word is the name of a stage, or of minictr. */
int is_stage(const char *word);

/*
 * Ends the program, status 127, since no directory of SEARCHED (as in PATH) holds NAME. Hints at the
 * stage of a similar name, if there is one.
 */
_Noreturn void blame_search(const char *name, const char *searched);

#endif
