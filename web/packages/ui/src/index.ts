/** What screens are made of. Mantine is known to this package alone. */
export { Badge, type Tone } from "./badge";
export { Chart, type ChartProps, type ChartSeries } from "./chart";
export { type Column, DataTable } from "./data-table";
export { ColorField } from "./color-field";
export { Dialog } from "./dialog";
export { EmptyState } from "./empty-state";
export { type Fact, Facts } from "./facts";
export { HeatMap, type HeatMapProps } from "./heat-map";
export { type Interval, Intervals } from "./intervals";
export { Loading } from "./loading";
export { tellDone, tellFailed, type Undo } from "./notices";
export { Page } from "./page";
export { Panel } from "./panel";
export { ProblemState } from "./problem-state";
export { Stat, StatRow } from "./stat";
export {
  ActionIcon,
  Alert,
  Anchor,
  AppShell,
  Box,
  Burger,
  Button,
  type ButtonProps,
  Center,
  Checkbox,
  Chip,
  Code,
  CopyButton,
  Divider,
  Fieldset,
  FileButton,
  Grid,
  Group,
  Input,
  Kbd,
  List,
  Menu,
  MultiSelect,
  NativeSelect,
  NavLink,
  Paper,
  PasswordInput,
  type PasswordInputProps,
  PinInput,
  Progress,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  Tabs,
  TagsInput,
  Text,
  Textarea,
  TextInput,
  Timeline,
  Title,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
  VisuallyHidden,
} from "@mantine/core";
export { useDebouncedValue, useDisclosure, useDocumentTitle, useHotkeys, useLocalStorage, useMediaQuery } from "@mantine/hooks";
export { createSpotlight, Spotlight, type SpotlightActionData } from "@mantine/spotlight";
