export { attachUpgrades, type TakeUpgrade } from "./attach-upgrades.ts";
export {
  type BrowserEndpoint,
  type BrowserEndpointLimits,
  type BrowserEndpointOptions,
  type BrowserState,
  browserPathDefault,
  createBrowserEndpoint,
  defaultBrowserEndpointLimits,
} from "./browser-endpoint.ts";
