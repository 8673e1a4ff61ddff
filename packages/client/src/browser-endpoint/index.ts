export {
  type BrowserEndpoint,
  type BrowserEndpointLimits,
  type BrowserEndpointOptions,
  type BrowserState,
  browserPathDefault,
  createBrowserEndpoint,
  defaultBrowserEndpointLimits,
} from "./browser-endpoint.ts";
