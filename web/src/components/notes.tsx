/** Where notes appear. */
import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";

export const Notes = (): React.ReactElement => <Notifications position="bottom-right" limit={4} />;
