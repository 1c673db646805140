/*
 * large.h: for static variables of many pages, of which a start uses few or none. The linker puts them
 * behind all others (--sort-section=name, ld(1)), which then share a page or two: each that is touched costs a
 * fault in every process.
 */
#ifndef LARGE_H
#define LARGE_H

#define LARGE __attribute__((section(".bss.~large")))

/* The first of them, which is used from its beginning on: that still shares a page with the others. */
#define FILLED __attribute__((section(".bss.~filled")))

#endif
