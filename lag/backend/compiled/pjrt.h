// The part of the PJRT C API that this package uses. Within major version 0, the
// table of functions and the structures of their arguments only grow at the end.
#ifndef LAG_COMPILED_PJRT_H
#define LAG_COMPILED_PJRT_H

#include <stddef.h>

// Positions in the table of functions.
enum {
	ERROR_DESTROY = 0,
	ERROR_MESSAGE = 1,
	CLIENT_PLATFORM_VERSION = 14,
	CLIENT_ADDRESSABLE_DEVICES = 16,
	CLIENT_COMPILE = 20,
	DEVICE_DESCRIPTION_KIND = 26,
	DEVICE_GET_DESCRIPTION = 29,
	EXECUTABLE_DESTROY = 40,
	EXECUTABLE_SERIALIZE = 49,
	LOADED_EXECUTABLE_DESTROY = 50,
	LOADED_EXECUTABLE_GET_EXECUTABLE = 51,
	EXECUTABLE_DESERIALIZE_AND_LOAD = 56,
	LAST_FUNCTION = EXECUTABLE_DESERIALIZE_AND_LOAD,
};

typedef void *pjrt_error; // NULL means success

typedef pjrt_error (*pjrt_function)(void *args);

typedef struct {
	size_t struct_size;
	void *extensions;
	struct {
		size_t struct_size;
		void *extensions;
		int major, minor;
	} version;
	pjrt_function functions[];
} pjrt_api;

typedef struct {
	size_t struct_size;
	void *extensions;
	const void *error;
	const char *message; // out, valid as long as the error
	size_t message_size; // out
} error_message_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *object;
} destroy_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *client;
	const char *version; // out, valid as long as the client
	size_t version_size; // out
} platform_version_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *client;
	void *const *devices; // out
	size_t devices_size;  // out
} addressable_devices_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *device;
	void *description; // out
} get_description_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *description;
	const char *kind; // out
	size_t kind_size; // out
} device_kind_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	const char *code;
	size_t code_size;
	const char *format;
	size_t format_size;
} pjrt_program;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *client;
	const pjrt_program *program;
	const char *options;
	size_t options_size;
	void *loaded; // out
} compile_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *loaded;
	void *executable; // out
} get_executable_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	const void *executable;
	const char *bytes;                 // out, valid as long as serialized
	size_t bytes_size;                 // out
	void *serialized;                  // out
	void (*destroy)(void *serialized); // out
} serialize_args;

typedef struct {
	size_t struct_size;
	void *extensions;
	void *client;
	const char *bytes;
	size_t bytes_size;
	void *loaded; // out
	const char *options; // NULL means those with which it was compiled
	size_t options_size;
} load_args;

// table returns the table of functions of a plugin that this process has
// loaded, or NULL.
pjrt_api *table(const char *path);

// replace makes the table compile by [lagCompile] with a slot, and sets the
// function that compiled before. It returns 0 or an errno.
int replace(pjrt_api *api, int slot, pjrt_function *before);

// SLOTS is the number of tables whose function can be replaced.
#define SLOTS 8

static inline pjrt_error call(pjrt_function function, void *args) { return function(args); }

// call_at calls a function of the table. Those of errors return nothing; then the
// result has no meaning.
static inline pjrt_error call_at(pjrt_api *api, int position, void *args) { return api->functions[position](args); }

static inline void destroy_serialized(serialize_args *args) { args->destroy(args->serialized); }

#endif
