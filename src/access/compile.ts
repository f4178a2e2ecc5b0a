export interface CompiledAccess { readonly placeholder?: never }
