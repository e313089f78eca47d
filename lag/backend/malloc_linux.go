//go:build cgo

package backend

/*
#include <features.h>
#ifdef __GLIBC__
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

// This must run before a second thread starts, because a thread keeps its
// arena.
__attribute__((constructor)) static void tune_malloc(void) {
	if (getenv("LAG_NO_MALLOC_TUNING") != NULL) {
		return;
	}
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TOP_PAD, 64 << 20);
}

static void use_huge_pages(size_t size) {
	if (getenv("LAG_NO_MALLOC_TUNING") != NULL) {
		return;
	}
	char *block = malloc(size);
	for (; block == NULL && size > 64 << 20; block = malloc(size)) {
		size /= 2; // a limit of the process, or a small machine
	}
	if (block != NULL) {
		uintptr_t page = 2 << 20, start = ((uintptr_t)block + page - 1) & ~(page - 1);
		madvise((void *)start, ((uintptr_t)block + size - start) & ~(page - 1), MADV_HUGEPAGE);
		free(block);
	}
}
static void trim(void) {
	if (getenv("LAG_NO_MALLOC_TUNING") == NULL) {
		malloc_trim(0);
	}
}
#else
#include <stddef.h>
static void use_huge_pages(size_t size) {}
static void trim(void) {}
#endif
*/
import "C"

// hugePages is the size of the part of the heap, in bytes of address space, for
// which huge pages are requested: enough for a BERT-Base and its optimizer. If
// the system refuses that much, it is halved. Memory is allocated only when used.
const hugePages = 8 << 30

// tuneMalloc and the constructor above make glibc keep freed memory, on huge
// pages. XLA's CPU runtime allocates and frees its temporaries at every step.
// By default glibc returns them to the kernel each time, and a training step of
// a small model spends a quarter of its time on page faults.
func tuneMalloc() { C.use_huge_pages(hugePages) }

// Trim gives the memory that glibc keeps, but that is free, back to the kernel.
// XLA's compiler needs more than a gigabyte for a large model and is then done.
func Trim() { C.trim() }
