using System.CommandLine;
using System.Text.Json;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>key ceremony</c>: a whole ceremony from one file, for test keys; the file names two custodians all the same, for there is no way past dual control.</summary>
internal static class KeyCeremonyCommand
{
    private const int MaxFile = 64 * 1024;
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>The file: <c>{"keySet", "keyVersion", "algorithm", "checkValue", "components": [{"custodian", "component", "checkValue"}, …]}</c>.</summary>
    private sealed record CeremonyFile(string KeySet, string KeyVersion, string Algorithm, string CheckValue, List<ComponentEntry> Components);

    private sealed record ComponentEntry(string Custodian, string Component, string CheckValue);

    public static Command Make(Shell shell)
    {
        var file = new Option<FileInfo>("--file") { Description = "JSON with keySet, keyVersion, algorithm, checkValue, and components with custodian, component, checkValue.", Required = true };
        return shell.Command("ceremony", "FOR TEST KEYS ONLY: enters all components of a key from one file.", [file], async (call, cancellation) =>
        {
            await call.Answers.WarnAsync("TEST KEYS ONLY: whoever has this file has the key. For a real key each custodian enters a component with key enter.");
            var ceremony = Read(call.Get(file)!);
            await using var center = call.Open();
            Perform(center.Vault, ceremony);
            await center.NoteAsync("TestKeyEntered", new { keySet = ceremony.KeySet, keyVersion = ceremony.KeyVersion }, cancellation: cancellation);
            return await call.Answers.SayAsync(new { ok = true, keySet = ceremony.KeySet, keyVersion = ceremony.KeyVersion, checkValue = ceremony.CheckValue },
                $"Test key {ceremony.KeySet} version {ceremony.KeyVersion}, check value {ceremony.CheckValue}, is in the vault.");
        });
    }

    private static CeremonyFile Read(FileInfo file)
    {
        try
        {
            var json = InputFile.WithoutMark(InputFile.ReadAll(file.ToString(), MaxFile));
            var ceremony = JsonSerializer.Deserialize<CeremonyFile>(json, Form) ?? throw new JsonException("null", "$", 0, 0);
            // Annotations say nothing of a list's elements.
            var missing = ceremony.Components.FindIndex(component => component is null);
            return missing < 0 ? ceremony : throw new JsonException("null", $"$.components[{missing}]", 0, 0);
        }
        catch (JsonException e)
        {
            // The exception's own text could quote a key.
            throw new CommandException(ExitCode.Usage, $"{file}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}: {e.Path}: this is not what a key ceremony's file looks like; see key ceremony --help.");
        }
    }

    private static void Perform(FileKeyVault vault, CeremonyFile file)
    {
        var version = KeyText.Version(file.KeyVersion);
        Check(vault.Begin(file.KeySet, version, KeyText.Algorithm(file.Algorithm), file.Components.Count), "begin");
        try
        {
            for (var i = 0; i < file.Components.Count; i++)
            {
                var entry = file.Components[i];
                using var component = KeyText.Component(System.Text.Encoding.ASCII.GetBytes(entry.Component));
                Check(vault.Enter(file.KeySet, version, i + 1, new CustodianId(entry.Custodian), component, KeyText.CheckValue(entry.CheckValue)), $"component {i + 1}");
            }
            Check(vault.Complete(file.KeySet, version, KeyText.CheckValue(file.CheckValue)), "the whole key");
        }
        catch
        {
            vault.Cancel(file.KeySet, version);
            throw;
        }

        void Check(CeremonyRefusal refusal, string what)
        {
            if (refusal != CeremonyRefusal.None) throw new CommandException(ExitCode.Refused, $"Key {file.KeySet} version {file.KeyVersion}, {what}: {KeyText.Why(refusal)}");
        }
    }
}
