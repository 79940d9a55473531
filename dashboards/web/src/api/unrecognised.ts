import type { Client } from './client.ts';
import type { components } from './schema.d.ts';

type S = components['schemas'];

export type Unrecognised = S['UnrecognisedAnswer'];
export type UnrecognisedGroup = S['UnrecognisedGroup'];
export type UnrecognisedExample = S['UnrecognisedExample'];
export type TypeMapping = S['TypeMapping'];
export type TypeMappingBody = S['TypeMappingBody'];
export type TypeMappings = S['TypeMappingsAnswer'];
export type Retyping = S['Retyping'];
export type Snapshot = S['Snapshot'];
export type SnapshotChange = S['SnapshotChange'];

export const unrecognised = (client: Client, from: string, to: string, signal?: AbortSignal): Promise<Unrecognised> => client.get('/unrecognised', { from, to }, signal);
export const typeMappings = (client: Client, signal?: AbortSignal): Promise<TypeMappings> => client.get('/type-mappings', undefined, signal);
export const saveMapping = (client: Client, id: string, body: TypeMappingBody): Promise<TypeMapping> =>
  id ? client.send('PUT', `/type-mappings/${encodeURIComponent(id)}`, { body }) : client.send('POST', '/type-mappings', { body });
export const deleteMapping = (client: Client, id: string): Promise<void> => client.send('DELETE', `/type-mappings/${encodeURIComponent(id)}`);

export const snapshots = (client: Client, connection: string, before: string, signal?: AbortSignal): Promise<S['SnapshotsAnswer']> =>
  client.get(`/connections/${encodeURIComponent(connection)}/snapshots`, { limit: 50, before }, signal);
export const snapshotChanges = (client: Client, connection: string, at: string, offset: number, signal?: AbortSignal): Promise<S['SnapshotChangesAnswer']> =>
  client.get(`/connections/${encodeURIComponent(connection)}/snapshots/${encodeURIComponent(at)}/changes`, { limit: 200, offset: offset || undefined }, signal);
