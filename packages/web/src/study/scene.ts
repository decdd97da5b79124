import {
  Enums as CoreEnums,
  cache,
  utilities as coreUtilities,
  getRenderingCapabilities,
  init as initCore,
  metaData,
  RenderingEngine,
  type Types,
  volumeLoader,
} from '@cornerstonejs/core'
import {
  AngleTool,
  addTool,
  annotation,
  CrosshairsTool,
  init as initTools,
  LengthTool,
  PanTool,
  StackScrollTool,
  Enums as ToolEnums,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
} from '@cornerstonejs/tools'
import { cross, type Vec3, type Volume } from '@neckfrac/core'
import { type DisplayVolume, toDisplayVolume } from './display-volume.ts'
import { PLANE, PLANES, type PlaneName, planeCoordinates, pointOnPlane } from './planes.ts'
import { createSharpness } from './sharpness.ts'
import type { VoiRange } from './windows.ts'

/**
 * The crosshair without its handles that tilt: planes stay in the patient's axes. Its setting against them also stops
 * clicks from moving the planes, so the handles are drawn without size and cannot be taken.
 */
class LinkedCrosshair extends CrosshairsTool {
  static override toolName = 'LinkedCrosshair'
  override _getRotationHandleNearImagePoint(): null {
    return null
  }
}

/** What the left mouse button does. */
export const TOOLS = {
  crosshair: { title: 'Crosshair', tool: LinkedCrosshair },
  window: { title: 'Window', tool: WindowLevelTool },
  length: { title: 'Length', tool: LengthTool },
  angle: { title: 'Angle', tool: AngleTool },
} as const
export type ToolName = keyof typeof TOOLS

/** How a plane lies on its canvas: canvas = matrix (u, v), CSS pixels from mm; depth is where it cuts the patient. */
export type PlaneView = {
  readonly matrix: readonly [a: number, b: number, c: number, d: number, e: number, f: number]
  readonly pixelsPerMm: number
  readonly depthMm: number
  readonly width: number
  readonly height: number
}

/** Three linked planes of one volume. Owns the GPU's copy of it. */
export type Scene = {
  view(plane: PlaneName): PlaneView
  /** Calls back when a plane moved, zoomed or was resized. */
  subscribe(onChange: (plane: PlaneName) => void): () => void
  /** Where the planes cross. */
  place(): Vec3
  /** Moves the planes so that they cross in a point; what they show stays where it is. */
  moveTo(point: Vec3): void
  /** Brings a point to the middle of all planes, with a field of view, mm. */
  show(point: Vec3, fieldMm: number): void
  /** Zooms all planes around the point where they cross. */
  zoom(factor: number): void
  scroll(plane: PlaneName, slices: number): void
  setWindow(range: VoiRange): void
  /** Calls back when the reader changes the window with the mouse. */
  onWindow(onChange: (range: VoiRange) => void): () => void
  setTool(name: ToolName): void
  clearMeasurements(): void
  resize(): void
  /** Whole images; the planes cross where they did. */
  reset(): void
  dispose(): void
}

let started: Promise<void> | undefined

/** Once a page: the libraries keep global state. */
const start = (): Promise<void> => {
  started ??= (async () => {
    // One drawing context for the three planes: the volume goes to the GPU once, not three times. Half floats hold
    // every whole HU to 2048 and every second one above, as fine as any window shows, in half the memory.
    initCore({
      rendering: { renderingEngineMode: 'contextPool', webGlContextCount: 1, preferSizeOverAccuracy: true },
    } as never)
    await initTools()
    for (const tool of [PanTool, ZoomTool, StackScrollTool, ...Object.values(TOOLS).map((t) => t.tool)])
      addTool(tool)
  })()
  return started
}

let nextScene = 0

export async function createScene(
  elements: Readonly<Record<PlaneName, HTMLDivElement>>,
  volume: Volume,
  window: VoiRange,
): Promise<Scene> {
  await start()
  const id = `scene-${nextScene++}`
  const display = toDisplayVolume(volume)
  // No colon: such a name would be fetched as an image when the default window is looked for.
  const volumeId = `${id}-volume`
  volumeLoader.createLocalVolume(volumeId, {
    scalarData: display.data,
    dimensions: [...display.dimensions],
    spacing: [...display.spacing],
    origin: [...display.origin],
    direction: [...display.direction] as Types.Mat3,
    metadata: {
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 1,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      Modality: 'CT',
      ImageOrientationPatient: display.direction.slice(0, 6),
      PixelSpacing: [display.spacing[1], display.spacing[0]],
      FrameOfReferenceUID: id,
      Columns: display.dimensions[0],
      Rows: display.dimensions[1],
      voiLut: [],
      VOILUTFunction: '',
    },
  } as never)

  const forget = describeSlices(volumeId, display)
  const engine = new RenderingEngine(id)
  const viewportId = (plane: PlaneName) => `${id}-${plane}`
  engine.setViewports(
    PLANES.map((plane) => {
      const { right, down } = PLANE[plane]
      return {
        viewportId: viewportId(plane),
        type: CoreEnums.ViewportType.ORTHOGRAPHIC,
        element: elements[plane],
        defaultOptions: {
          background: [0, 0, 0] as Types.Point3,
          orientation: {
            viewUp: down.map((v) => -v || 0) as Types.Point3,
            viewPlaneNormal: [...cross(down, right)] as Types.Point3,
          },
        },
      }
    }),
  )
  const viewport = (plane: PlaneName) => engine.getViewport(viewportId(plane)) as Types.IVolumeViewport
  await Promise.all(PLANES.map((plane) => viewport(plane).setVolumes([{ volumeId }])))

  const group = ToolGroupManager.createToolGroup(id)!
  for (const { tool } of Object.values(TOOLS)) {
    if (tool !== LinkedCrosshair) group.addTool(tool.toolName)
  }
  group.addTool(LinkedCrosshair.toolName, CROSSHAIRS)
  for (const tool of [PanTool, ZoomTool, StackScrollTool]) group.addTool(tool.toolName)
  for (const plane of PLANES) group.addViewport(viewportId(plane), id)
  const { Primary, Secondary, Auxiliary, Wheel } = ToolEnums.MouseBindings
  const { Shift, Ctrl } = ToolEnums.KeyboardBindings
  group.setToolActive(PanTool.toolName, {
    bindings: [
      { mouseButton: Auxiliary },
      { mouseButton: Primary, modifierKey: Shift },
      { numTouchPoints: 2 },
    ],
  })
  group.setToolActive(ZoomTool.toolName, {
    bindings: [{ mouseButton: Secondary }, { mouseButton: Primary, modifierKey: Ctrl }],
  })
  group.setToolActive(StackScrollTool.toolName, { bindings: [{ mouseButton: Wheel }] })
  const setTool = (name: ToolName) => {
    for (const [other, { tool }] of Object.entries(TOOLS))
      if (other !== name) group.setToolPassive(tool.toolName)
    group.setToolActive(TOOLS[name].tool.toolName, { bindings: [{ mouseButton: Primary }] })
  }
  setTool('crosshair')

  const setWindow = (range: VoiRange) => {
    for (const plane of PLANES) viewport(plane).setProperties({ voiRange: { ...range } })
    engine.render()
  }
  setWindow(window)

  const middle = (plane: PlaneName) => viewport(plane).getCamera().focalPoint as Vec3
  const place = (): Vec3 => [middle('sagittal')[0], middle('coronal')[1], middle('axial')[2]]
  const aim = (plane: PlaneName, point: Vec3, parallelScale?: number) => {
    const port = viewport(plane)
    const { position, focalPoint, viewPlaneNormal } = port.getCamera()
    const distance = Math.hypot(...[0, 1, 2].map((n) => position![n] - focalPoint![n]))
    port.setCamera({
      focalPoint: [...point],
      position: [0, 1, 2].map((n) => point[n] + viewPlaneNormal![n] * distance) as Types.Point3,
      ...(parallelScale !== undefined && { parallelScale }),
    })
  }
  const moveTo = (point: Vec3) => {
    for (const plane of PLANES) {
      const { axis } = PLANE[plane]
      const [x, y, z] = middle(plane).map((v, n) => (n === axis ? point[n] : v))
      aim(plane, [x, y, z])
    }
    engine.render()
  }

  const view = (name: PlaneName): PlaneView => {
    const plane = PLANE[name]
    const port = viewport(name)
    const centre = planeCoordinates(plane, middle(name))
    const canvasAt = (u: number, v: number) => port.worldToCanvas([...pointOnPlane(plane, u, v, centre[2])])
    const [u, v] = centre
    const [at, alongU, alongV] = [canvasAt(u, v), canvasAt(u + 1, v), canvasAt(u, v + 1)]
    const [a, b, c, d] = [alongU[0] - at[0], alongU[1] - at[1], alongV[0] - at[0], alongV[1] - at[1]]
    return {
      matrix: [a, b, c, d, at[0] - a * u - c * v, at[1] - b * u - d * v],
      pixelsPerMm: Math.hypot(a, b),
      depthMm: centre[2],
      width: elements[name].clientWidth,
      height: elements[name].clientHeight,
    }
  }

  const sharpness = getRenderingCapabilities().softwareRasterizer
    ? createSharpness(() => engine.resize(true, true))
    : undefined
  const listeners = new Set<(plane: PlaneName) => void>()
  const ending = new AbortController()
  const { signal } = ending
  for (const plane of PLANES) {
    const tell = () => {
      sharpness?.moved()
      for (const listener of listeners) listener(plane)
    }
    elements[plane].addEventListener(CoreEnums.Events.CAMERA_MODIFIED, tell, { signal })
  }
  const windowListeners = new Set<(range: VoiRange) => void>()
  for (const plane of PLANES)
    elements[plane].addEventListener(
      CoreEnums.Events.VOI_MODIFIED,
      (event) => {
        const { range } = (event as CustomEvent<{ range: VoiRange }>).detail
        sharpness?.moved()
        for (const listener of windowListeners) listener(range)
      },
      { signal },
    )
  const tellAll = () => {
    for (const plane of PLANES) for (const listener of listeners) listener(plane)
  }
  let disposed = false

  return {
    view,
    place,
    moveTo,
    show: (point, fieldMm) => {
      for (const plane of PLANES) aim(plane, point, fieldMm / 2)
      engine.render()
    },
    zoom: (factor) => {
      const point = place()
      for (const plane of PLANES) aim(plane, point, viewport(plane).getCamera().parallelScale! / factor)
      engine.render()
    },
    setTool,
    setWindow,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onWindow: (listener) => {
      windowListeners.add(listener)
      return () => windowListeners.delete(listener)
    },
    scroll: (plane, slices) => coreUtilities.scroll(viewport(plane) as never, { delta: slices }),
    clearMeasurements: () => {
      for (const { tool } of [TOOLS.length, TOOLS.angle])
        for (const plane of PLANES)
          for (const { annotationUID } of annotation.state.getAnnotations(tool.toolName, elements[plane]) ??
            [])
            annotation.state.removeAnnotation(annotationUID!)
      engine.render()
    },
    resize: () => {
      if (disposed) return
      engine.resize(true, true)
      tellAll()
    },
    reset: () => {
      const point = place()
      for (const plane of PLANES) viewport(plane).resetCamera()
      moveTo(point)
      tellAll()
    },
    dispose: () => {
      if (disposed) return
      disposed = true
      ending.abort()
      sharpness?.dispose()
      annotation.state.removeAllAnnotations()
      ToolGroupManager.destroyToolGroup(id)
      engine.destroy()
      forget()
      cache.removeVolumeLoadObject(volumeId)
      cache.purgeCache()
    },
  }
}

/** Tells where each slice lies: the library gives all of a local volume's slices the place of the first. */
function describeSlices(
  volumeId: string,
  { origin, direction, spacing, dimensions }: DisplayVolume,
): () => void {
  // Made once: the crosshair asks for all of them at every move.
  const slices = new Map(
    Array.from({ length: dimensions[2] }, (_, slice) => [
      `${volumeId}_slice_${slice}`,
      {
        frameOfReferenceUID: volumeId,
        rows: dimensions[1],
        columns: dimensions[0],
        imageOrientationPatient: direction.slice(0, 6),
        rowCosines: direction.slice(0, 3),
        columnCosines: direction.slice(3, 6),
        imagePositionPatient: origin.map((at, n) => at + direction[6 + n] * spacing[2] * slice),
        pixelSpacing: [spacing[1], spacing[0]],
        rowPixelSpacing: spacing[1],
        columnPixelSpacing: spacing[0],
        sliceThickness: spacing[2],
      },
    ]),
  )
  const provider = (type: string, imageId: unknown) =>
    type === CoreEnums.MetadataModules.IMAGE_PLANE ? slices.get(imageId as string) : undefined
  metaData.addProvider(provider, FIRST)
  return () => metaData.removeProvider(provider)
}

/** Before the library's own provider. */
const FIRST = 20_000

/** Lines only: slices stay thin, and nothing tilts them. */
const CROSSHAIRS = {
  getReferenceLineColor: (viewport: string) => LINE[viewport.split('-').at(-1) as PlaneName],
  handleRadius: 0,
  getReferenceLineSlabThicknessControlsOn: () => false,
  referenceLinesCenterGapRadius: 18,
}

/** Each plane's colour in the lines of the others and in its own title. */
export const LINE: Readonly<Record<PlaneName, string>> = {
  axial: 'rgb(236, 178, 92)',
  sagittal: 'rgb(120, 190, 250)',
  coronal: 'rgb(126, 206, 150)',
}
