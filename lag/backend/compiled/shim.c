//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

#include "pjrt.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

pjrt_api *table(const char *path) {
	// The handle is not closed, so the plugin stays as long as the process.
	void *plugin = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
	if (plugin == NULL) {
		return NULL;
	}
	pjrt_api *(*get)(void) = (pjrt_api * (*)(void)) dlsym(plugin, "GetPjrtApi");
	return get == NULL ? NULL : get();
}

// Go's function, which needs to know the table of functions that called it.
extern pjrt_error lagCompile(int slot, void *args);

#define COMPILE(slot) static pjrt_error compile_##slot(void *args) { return lagCompile(slot, args); }

COMPILE(0)
COMPILE(1)
COMPILE(2)
COMPILE(3)
COMPILE(4)
COMPILE(5)
COMPILE(6)
COMPILE(7)

static const pjrt_function compile_functions[SLOTS] = {
	compile_0, compile_1, compile_2, compile_3, compile_4, compile_5, compile_6, compile_7,
};

int replace(pjrt_api *api, int slot, pjrt_function *before) {
	pjrt_function *place = &api->functions[CLIENT_COMPILE];
	// A plugin may have its table in memory that is read-only.
	uintptr_t page = (uintptr_t)place & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	if (mprotect((void *)page, (uintptr_t)(place + 1) - page, PROT_READ | PROT_WRITE) != 0) {
		return errno;
	}
	*before = *place;
	__atomic_store_n(place, compile_functions[slot], __ATOMIC_RELEASE);
	return 0;
}
