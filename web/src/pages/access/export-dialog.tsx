/** The roles as text to keep or to take elsewhere. */
import { Button, Group, Modal, SegmentedControl, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "#web/api/call.ts";
import { Loaded } from "#web/components/states.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { exportTexts, importTexts } from "#web/i18n/texts/access.ts";
import { Sentence } from "#web/components/engine-text.tsx";
import { useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import classes from "#web/pages/access/access.module.css";

type Format = "yaml" | "js7";
const files = { yaml: ["roles.yaml", "application/yaml"], js7: ["roles.json", "application/json"] } as const;

const save = (text: string, format: Format): void => {
  const [name, type] = files[format];
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
};

export const ExportDialog = ({ onClose }: { readonly onClose: () => void }): React.ReactElement => {
  const t = useText();
  const [format, setFormat] = useState<Format>("yaml");
  const query = useQuery({
    queryKey: ["roles", "export", format],
    gcTime: 0,
    queryFn: ({ signal }) => call("GET /api/v1/roles/export", { query: { format } }, { signal }),
  });
  return (
    <Modal opened onClose={onClose} size="lg" title={t(exportTexts.title)} closeButtonProps={{ "aria-label": t(commonTexts.close) }}>
      <SegmentedControl
        size="xs"
        aria-label={t(importTexts.format)}
        data={[
          { value: "yaml", label: t(wordTexts.yaml) },
          { value: "js7", label: t(exportTexts.js7) },
        ]}
        value={format}
        onChange={(value) => setFormat(value === "js7" ? "js7" : "yaml")}
      />
      <Loaded query={query}>
        {({ text, left }) => (
          <>
            <Textarea
              mt="sm"
              aria-label={t(exportTexts.title)}
              readOnly
              rows={14}
              value={text}
              classNames={{ input: classes.mono ?? "" }}
            />
            {left.length === 0 ? null : (
              <>
                <p>{t(exportTexts.left)}</p>
                <ul>
                  {left.map((one) => (
                    <li key={one}>
                      <Sentence text={one} />
                    </li>
                  ))}
                </ul>
              </>
            )}
            <Group justify="flex-end" mt="md">
              <Button onClick={() => save(text, format)}>{t(exportTexts.save)}</Button>
            </Group>
          </>
        )}
      </Loaded>
    </Modal>
  );
};
