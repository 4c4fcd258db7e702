using System.Text.Json;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Serving;

/// <summary>A file beside the center's by which the serving process tells others of its machine how it stands; always a whole one.</summary>
internal static class BoardFile
{
    /// <summary>What a host before has left says nothing of this one.</summary>
    public static void Forget(CenterFiles files) => File.Delete(files.Health);

    /// <summary>A full disk ends nothing for this: it is tried again.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool Write<T>(string path, T value)
    {
        var unfinished = path + ".new";
        try
        {
            File.Delete(unfinished);
            using (var file = CenterFiles.CreatePrivate(unfinished)) JsonSerializer.Serialize(file, value);
            File.Move(unfinished, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
