#!/usr/bin/env node
import { cacheCompiledCode } from './compile-cache.ts'

cacheCompiledCode()
await import('./main.ts')
