/* oxlint-disable no-undef -- require and process are of node, the rules are of browsers */
// Calls every method of Microsoft's two JavaScript clients, and prints what became of each as JSON.
// node every_method.js ENDPOINT TRAINING_KEY PREDICTION_KEY DOMAIN_ID FOLDER, where FOLDER has 0.png to 12.png.
"use strict";

const fs = require("node:fs");
const { ApiKeyCredentials } = require("@azure/ms-rest-js");
const { TrainingAPIClient } = require("@azure/cognitiveservices-customvision-training");
const { PredictionAPIClient } = require("@azure/cognitiveservices-customvision-prediction");

const [endpoint, trainingKey, predictionKey, domainId, folder] = process.argv.slice(2);
const withKey = (name, key) => new ApiKeyCredentials({ inHeader: { [name]: key } });
const trainer = new TrainingAPIClient(withKey("Training-key", trainingKey), endpoint);
const predictor = new PredictionAPIClient(withKey("Prediction-key", predictionKey), endpoint);
const image = (number) => fs.readFileSync(`${folder}/${number}.png`);
const outcomes = {};

async function call(client, name, ...given) {
  try {
    const answer = await client[name](...given);
    outcomes[name] = "ok";
    return answer;
  } catch (error) {
    outcomes[name] = `${error.statusCode} ${error.body?.code ?? error.message}`;
    return {};
  }
}

const train = (name, ...given) => call(trainer, name, ...given);
const predict = (name, ...given) => call(predictor, name, ...given);

async function fill(project) {
  const tags = [await train("createTag", project, "rose"), await train("createTag", project, "tulip")];
  const batch = [...Array(10).keys()].map((number) => ({
    name: `${number}.png`,
    contents: image(number),
    tagIds: [tags[number % 2].id],
  }));
  await train("createImagesFromFiles", project, { images: batch });
  await train("createImagesFromData", project, image(10));
  const [first] = await train("getUntaggedImages", project);
  await train("createImagesFromUrls", project, { images: [{ url: first.originalImageUri }] });
  return [tags, first];
}

async function trained(project) {
  let iteration = await train("trainProject", project);
  for (let tries = 0; iteration.status === "Training" && tries < 300; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    iteration = await train("getIteration", project, iteration.id);
  }
  await train("updateIteration", project, iteration.id, { name: "Spring" });
  await train("publishIteration", project, iteration.id, "garden", "/subscriptions/0");
  return iteration.id;
}

async function images(project, tags, first) {
  const tag = tags[0].id;
  await train("createImageTags", project, { tags: [{ imageId: first.id, tagId: tag }] });
  await train("deleteImageTags", project, [first.id], [tag]);
  await train("updateImageMetadata", project, [first.id], { room: "12" });
  await train("getImagesByIds", project, { imageIds: [first.id] });
  await train("getArtifact", project, first.originalImageUri);
  for (const name of ["getImages", "getImageCount", "getTaggedImages", "getTaggedImageCount", "getTags"]) {
    await train(name, project);
  }
  await train("getUntaggedImageCount", project);
  await train("getTag", project, tag);
  await train("updateTag", project, tag, { name: "dog rose", description: "", type: "Regular" });
  await train("getImageRegionProposals", project, first.id);
  await train("createImageRegions", project, { regions: [] });
  await train("deleteImageRegions", project, [first.id]);
}

async function predictions(project, iteration, first) {
  const url = { url: first.originalImageUri };
  for (const kind of ["classify", "detect"]) {
    await predict(`${kind}Image`, project, "garden", image(11));
    await predict(`${kind}ImageWithNoStore`, project, "garden", image(11));
    await predict(`${kind}ImageUrl`, project, "garden", url);
    await predict(`${kind}ImageUrlWithNoStore`, project, "garden", url);
  }
  await train("quickTestImage", project, image(12));
  await train("quickTestImageUrl", project, url);
  const { results } = await train("queryPredictions", project, { orderBy: "Newest" });
  await train("createImagesFromPredictions", project, { images: [{ id: results[0].id }] });
  await train("deletePrediction", project, results.slice(1).map((each) => each.id));
  await train("suggestTagsAndRegions", project, iteration, [first.id]);
  const query = { tagIds: [], threshold: 0, maxCount: 5, sortBy: "UncertaintyAscending" };
  await train("querySuggestedImages", project, iteration, query);
  await train("querySuggestedImageCount", project, iteration, { tagIds: [], threshold: 0 });
}

async function iterations(project, iteration) {
  for (const name of ["getIterationPerformance", "getImagePerformances", "getImagePerformanceCount", "getExports"]) {
    await train(name, project, iteration);
  }
  await train("exportIteration", project, iteration, "TensorFlow");
  await train("getIterations", project);
}

async function main() {
  await train("getDomains");
  await train("getDomain", domainId);
  const project = (await train("createProject", "by JavaScript", { domainId, classificationType: "Multiclass" })).id;
  await train("getProjects");
  await train("updateProject", project, await train("getProject", project));
  const [tags, first] = await fill(project);
  const iteration = await trained(project);
  await images(project, tags, first);
  await predictions(project, iteration, first);
  await iterations(project, iteration);
  const copy = await train("importProject", (await train("exportProject", project)).token, { name: "a copy" });
  await train("unpublishIteration", project, iteration);
  await train("deleteIteration", project, iteration);
  await train("deleteImages", project, { imageIds: [first.id] });
  await train("deleteTag", project, tags[0].id);
  await train("deleteProject", copy.id);
  await train("deleteProject", project);
  const methods = [TrainingAPIClient, PredictionAPIClient].flatMap((each) => Object.getOwnPropertyNames(each.prototype));
  console.log(JSON.stringify({ outcomes, methods: methods.filter((name) => name !== "constructor") }));
}

main();
