using System.Text.Json;
using System.Text.Json.Serialization;

namespace CardIssue.CenterHost.Commands;

/// <summary>
/// A ceremony's file:
/// <c>{"keySet", "keyVersion", "algorithm", "checkValue", "components": [{"custodian", "component", "checkValue"}, …]}</c>.
/// </summary>
internal sealed record KeyCeremonyFile(
    string KeySet, string KeyVersion, string Algorithm, string CheckValue, List<KeyCeremonyFile.Entry> Components)
{
    private const int MaxFile = 64 * 1024;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>A component, as its custodian has it.</summary>
    internal sealed record Entry(string Custodian, string Component, string CheckValue);

    /// <summary>Reads it.</summary>
    /// <exception cref="CommandException">It can't be read, or is no such file; the message quotes nothing of a key.</exception>
    public static KeyCeremonyFile Read(FileInfo file)
    {
        try
        {
            var json = InputFile.WithoutMark(InputFile.ReadAll(file.ToString(), MaxFile));
            var ceremony = JsonSerializer.Deserialize<KeyCeremonyFile>(json, Form) ?? throw new JsonException("null", "$", 0, 0);
            // Annotations say nothing of a list's elements.
            var missing = ceremony.Components.FindIndex(component => component is null);
            return missing < 0 ? ceremony : throw new JsonException("null", $"$.components[{missing}]", 0, 0);
        }
        catch (JsonException e)
        {
            // The exception's own text could quote a key.
            throw new CommandException(
                ExitCode.Usage,
                $"{file}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}: {e.Path}: this is not what a key ceremony's file looks like; "
                + "see key ceremony --help.");
        }
    }
}
