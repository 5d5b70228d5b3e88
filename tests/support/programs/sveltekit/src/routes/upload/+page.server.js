export const actions = {
  default: async ({ request }) => {
    const form = await request.formData();
    return { text: `${form.get("name")}: ${await form.get("file").text()}` };
  },
};
